// Calls every method of node-nut, one after the other, and prints what they call back with.
const [, , library, host, port] = process.argv;
const Nut = require(library);

const show = (v) => v && typeof v === 'object' ? Object.keys(v).map((k) => `\n\t${k}: ${JSON.stringify(v[k])}`).join('') : JSON.stringify(v);

function session(calls) {
	return new Promise((done) => {
		const nut = new Nut(Number(port), host);
		nut.on('error', (err) => console.log('error', err.code));
		nut.on('close', done);
		nut.on('ready', async () => {
			for (const [name, ...args] of calls) {
				await new Promise((next) => nut[name](...args, (...answer) => {
					console.log(name, args.join(' '), ...answer.map(show));
					setImmediate(next); // it calls back before it is ready for more, and some errors twice
				}));
			}
			nut.close();
		});
		nut.start();
	});
}

(async () => {
	await session([['GetUPSList'], ['help'], ['ver'], ['netVer']]);
	for (const ups of ['ups', 'qnapups', 'nobody']) {
		await session([
			['GetUPSVars', ups], ['GetUPSCommands', ups], ['GetRWVars', ups], ['GetEnumsForVar', ups, 'input.sensitivity'],
			['GetRangesForVar', ups, 'input.transfer.low'], ['GetRangesForVar', ups, 'ups.id'], ['GetEnumsForVar', ups, 'no.such'],
			['GetVarType', ups, 'ups.id'], ['GetVarType', ups, 'no.such'], ['GetVarDescription', ups, 'ups.id'],
			['GetCommandDescription', ups, 'load.off'], ['SetRWVar', ups, 'ups.id', 'x'],
		]);
	}
	for (const [user, password] of [['op', 'op-secret'], ['op', 'wrong'], ['card', 'card-secret']]) {
		await session([
			['SetUsername', user], ['SetPassword', password], ['SetRWVar', 'ups', 'ups.id', 'node'], ['SetRWVar', 'ups', 'ups.load', '1'],
			['RunUPSCommand', 'ups', 'beeper.mute'], ['RunUPSCommand', 'ups', 'no.such'], ['Master', 'forced'], ['FSD', 'forced'], ['GetUPSVars', 'forced'],
		]);
	}
})();
