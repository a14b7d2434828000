# Calls every method of UPS::Nut and prints what it returns, or what went wrong.
use strict;
use UPS::Nut;

my ($host, $port) = @ARGV;

sub show {
	my $v = shift;
	return 'undef' unless defined $v;
	return join('', map { "\n\t$_: " . show($v->{$_}) } sort keys %$v) if ref $v eq 'HASH';
	return '[' . join(', ', map { show($_) } @$v) . ']' if ref $v eq 'ARRAY';
	return $v;
}

sub call {
	my ($ups, $name, @args) = @_;
	my @answer = eval { $ups->$name(@args) };
	print "$name @args: ", ($@ ? "dies $@" : join(', ', map { show($_) } @answer)), "\n";
	print "\terror: ", $ups->Error, "\n" if !@answer || !defined $answer[0];
}

sub connect_to { UPS::Nut->new(NAME => $_[0], HOST => $host, PORT => $port, TIMEOUT => 20) }

for my $name ('ups', 'qnapups', 'nobody') {
	print "== $name\n";
	my $ups = connect_to($name);
	call($ups, $_) for qw(Status BattPercent LoadPercent LineVoltage Temperature ListUPS ListVar ListRW ListCmd);
	call($ups, 'GetVar', $_) for qw(ups.status ups.model no.such);
	call($ups, 'Request', 'battery.charge');
	call($ups, $_, 'ups.id') for qw(GetType VarType GetDesc VarDesc);
	call($ups, 'ListVar', 'ups.status', 'battery.charge');
	call($ups, 'ListEnum', 'input.sensitivity');
	call($ups, $_, 'load.off') for qw(GetCmdDesc InstCmdDesc);
	call($ups, 'Set', 'ups.id', 'x');
	call($ups, 'InstCmd', 'beeper.mute');
	call($ups, 'Master');
	call($ups, 'Logout');
}
for my $login (['op', 'op-secret'], ['op', 'wrong'], ['monuser', 'secret'], ['card', 'card-secret']) {
	print "== as $login->[0]\n";
	my $ups = connect_to('forced');
	call($ups, 'Login', @$login);
	call($ups, 'Set', 'ups.id', 'perl');
	call($ups, 'Set', 'ups.load', '1');
	call($ups, 'InstCmd', 'beeper.mute');
	call($ups, 'InstCmd', 'no.such');
	call($ups, 'Master');
	call($ups, 'FSD');
	call($ups, 'Status');
	call($ups, 'Logout');
}
my $ups = connect_to('ups');
call($ups, 'Authenticate', 'op', 'op-secret');
call($ups, 'Set', 'ups.id', 'perl');
