package pifirmware

// Model is a board whose firmware is stood in for.
type Model struct {
	Name       string
	Filters    []string // sections of config.txt that hold
	Serial     string   // what serial0 on the command line becomes, with the PL011 at the pins
	DeviceTree string   // the file it looks for first; "" for none
	Loader     string   // read by the ROM from the first FAT partition; "" where it is in EEPROM
	Start      string   // stem of the firmware's second stage, "start"; "" where it is in EEPROM
}

// modelFilters are the sections that name models.
var modelFilters = []string{
	"pi1", "pi2", "pi3", "pi3+", "pi4", "pi5", "pi400", "pi500", "cm1", "cm3", "cm3+", "cm4", "cm4s", "cm5", "pi0", "pi0w", "pi02",
}

// Virt is QEMU's machine of that name, which needs none of the Pi's own files.
var Virt = Model{Name: "virt", Serial: "ttyAMA0"}

// Pi3 is the one that QEMU has too, as raspi3b.
var Pi3 = Model{"3", []string{"pi3"}, "ttyAMA0", "bcm2710-rpi-3-b.dtb", "bootcode.bin", "start"}

// Models are those that the card's image is made for.
var Models = []Model{
	{"Zero 2 W", []string{"pi0", "pi0w", "pi02"}, "ttyAMA0", "bcm2710-rpi-zero-2-w.dtb", "bootcode.bin", "start"},
	Pi3,
	{"3+", []string{"pi3", "pi3+"}, "ttyAMA0", "bcm2710-rpi-3-b-plus.dtb", "bootcode.bin", "start"},
	{"4", []string{"pi4"}, "ttyAMA0", "bcm2711-rpi-4-b.dtb", "", "start4"},
	{"400", []string{"pi4", "pi400"}, "ttyAMA0", "bcm2711-rpi-400.dtb", "", "start4"},
	{"CM4", []string{"pi4", "cm4"}, "ttyAMA0", "bcm2711-rpi-cm4.dtb", "", "start4"},
	{"5", []string{"pi5"}, "ttyAMA10", "bcm2712-rpi-5-b.dtb", "", ""},
	{"5, stepping D0", []string{"pi5"}, "ttyAMA10", "bcm2712d0-rpi-5-b.dtb", "", ""},
}
