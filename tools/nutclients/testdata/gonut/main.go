// Command gonut calls every method of go.nut and prints what it returns.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"

	nut "github.com/robbiet480/go.nut"
)

func connect() nut.Client {
	port, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	c, err := nut.Connect(os.Args[1], port)
	if err != nil {
		log.Fatal(err)
	}
	return c
}

// show prints a method's answer.
func show(name string, answer any, err error) {
	text, e := json.Marshal(answer)
	if e != nil {
		log.Fatal(e)
	}
	fmt.Printf("%s: %s, %v\n", name, text, err)
}

func main() {
	c := connect()
	fmt.Println(c.ProtocolVersion)
	help, err := c.Help()
	show("Help", help, err)
	list, err := c.GetUPSList()
	show("GetUPSList", len(list), err)
	for _, u := range list {
		for _, v := range u.Variables {
			show(u.Name, v, nil)
		}
		for _, cmd := range u.Commands {
			show(u.Name, cmd, nil)
		}
		show(u.Name, []any{u.Description, u.NumberOfLogins, u.Clients}, nil)
	}
	order(list)
	for _, login := range [][2]string{{"op", "op-secret"}, {"op", "wrong"}, {"card", "card-secret"}} {
		c := connect()
		ok, err := c.Authenticate(login[0], login[1])
		show("Authenticate "+login[0], ok, err)
		list, err := c.GetUPSList()
		show("GetUPSList", len(list), err)
		order(list)
		ok, err = c.Disconnect()
		show("Disconnect", ok, err)
	}
}

// order gives every kind of order to each UPS but the first, and FSD to the one that is called forced.
func order(list []nut.UPS) {
	for _, u := range list[1:] {
		ok, err := u.SetVariable("ups.id", "go nut")
		show("SetVariable", ok, err)
		ok, err = u.SetVariable("ups.load", "1")
		show("SetVariable", ok, err)
		ok, err = u.SendCommand("beeper.mute")
		show("SendCommand", ok, err)
		ok, err = u.SendCommand("no.such")
		show("SendCommand", ok, err)
		ok, err = u.CheckIfMaster()
		show("CheckIfMaster", ok, err)
		if u.Name == "forced" {
			ok, err = u.ForceShutdown()
			show("ForceShutdown", ok, err)
		}
	}
}
