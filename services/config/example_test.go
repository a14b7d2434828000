package config

import (
	"os"
	"reflect"
	"testing"
	"time"
)

// The example must show every key.
func TestExampleFile(t *testing.T) {
	data, err := os.ReadFile("testdata/upscard.toml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse("upscard.toml", data)
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Listen:    []string{":3493"},
		Anonymous: Anonymous{From: prefixes("192.168.1.0/24", "2001:db8::/64")},
		Profiles:  []string{"synology", "qnap", "winnut"},

		IdleTimeout: 24 * time.Hour, MaxConnPerAddress: 5000,
		Network: Network{Hostname: "upscard", DNS: addrs("192.168.1.1", "9.9.9.9"), NTP: []string{"ptbtime1.ptb.de", "192.168.1.1"},
			Interfaces: []Interface{{"eth0", Static, Auto, prefixes("192.168.1.5/24", "2001:db8::5/64"), addrs("192.168.1.1")},
				{Name: AnyWired, Method: DHCP, IPv6: Auto}}},
		MDNS: MDNS{Off: true, Name: "UPS in the cellar"},
		TLS: TLS{StartTLS: TLSRequired, Names: []string{"ups.example.org", "203.0.113.7"}, CertRequest: CertRequested,
			Certificate: "-----BEGIN CERTIFICATE-----\nY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n",
			Key:         "-----BEGIN PRIVATE KEY-----\na2V5\n-----END PRIVATE KEY-----\n",
			ClientCA:    "-----BEGIN CERTIFICATE-----\nYXV0aG9yaXR5\n-----END CERTIFICATE-----\n"},
		TLSShim: TLSShim{On: true, Listen: []string{":401"}, Old: true},
		NIS:     NIS{Off: true, Listen: []string{"192.168.1.5:3551"}, UPS: []string{"rack", "desk"}, Format: NISOld},
		Monitor: Monitor{MinSupplies: new(1), PollFreq: new(5), DeadTime: new(15), HostSync: new(60), FinalDelay: new(0),
			NoCommWarnTime: new(300), RBWarnTime: new(43200), OffDuration: new(30), OBLBDuration: new(0), OverDuration: new(-1),
			AlarmCritical: new(false), Charge: new(30), Runtime: new(300), OnBattery: new(600), Off: OffReturn},
		Notify: []Notify{{Name: "log", Type: NotifySyslog, Server: "192.168.1.9:514", Proto: "tcp"},
			{Name: "hook", Type: NotifyWebhook, URL: "https://example.org/ups?token=secret", Events: []string{"ONBATT", "ONLINE", "ATTENTION"}}},
		UPS: []UPS{
			{Name: "office", Desc: "UPS under the desk", Alias: []string{"left"}, VendorID: "051d", ProductID: "0002", Vendor: "American Power.*",
				Product: "(Smart|Back)-UPS.*", Serial: "3B1843X12345", Bus: "001", BusPort: "004", Port: "1-1.4",
				PollInterval: 2 * time.Second, PollFreq: 30 * time.Second, PowerValue: new(1)},
			{Name: "rack", Driver: Driver{
				PollOnly: true, InterruptSize: 8, MaxReport: true, DisableFixReportDesc: true,
				OnlineDischargeOnBattery: true, OnlineDischargeCalibration: true,
				LogThrottleSec: new(600), LogThrottleHovercharge: new(95),
				LBRBLogDelaySec: new(5), LBRBLogDelayWithoutCalibrating: true,
				OffDelay: new(120), OnDelay: new(180), LowBatt: new(40), IgnoreLB: true,
				SDCommands: []string{"shutdown.return", "load.off.delay"},
				Override:   []Setting{{"battery.runtime.low", "300"}},
				Default:    []Setting{{"input.voltage.nominal", "230"}},
			}},
			{Name: "powercom", Driver: Driver{
				InterruptOnly: true, OnlineDischargeOnBattery: true, PowercomByteOrder: true, PowercomDiscrete: true}},
		},
		Users: []User{{Name: "monitor", Password: "change me", Upsmon: "secondary"},
			{Name: "operator", Password: "change me too", Actions: []string{"SET"}, InstCmds: []string{"beeper.mute", "test.battery.start.quick"}},
			{Name: "pc", Password: "$argon2id$v=19$m=4096,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$ONftODNpgrc2LoulrUosGFDd/ZSRlRYFwPVUn71/IWE",
				Upsmon: "secondary", UPS: []string{"office"}, From: prefixes("192.168.1.0/24"), StatusWords: []string{"OL", "OB", "LB", "FSD"}, Cert: "pc"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	shown := make(map[string]bool)
	for _, s := range read(data, &report{data: data}) {
		shown[s.path[0].name+"."+s.path[len(s.path)-1].name] = true
		shown[s.path[0].name+"."+s.path[min(2, len(s.path)-1)].name] = true
	}
	for _, key := range names(topKeys) {
		if !shown[key+"."+key] {
			t.Errorf("%s is not shown", key)
		}
	}
	for table, rules := range map[string][]string{tableNetwork: append(names(networkKeys), names(interfaceKeys)...),
		tableTLS: names(tlsKeys),
		tableUPS: append(names(upsKeys), tableNames(upsTables)...), tableUsers: names(userKeys),
		tableMDNS: names(mdnsKeys), tableNIS: names(nisKeys), tableTLSShim: names(tlsShimKeys), tableMonitor: names(monitorKeys), tableNotify: names(notifyKeys)} {
		for _, key := range rules {
			if !shown[table+"."+key] {
				t.Errorf("%s of [%s] is not shown", key, table)
			}
		}
	}
}
