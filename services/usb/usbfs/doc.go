// Package usbfs opens USB devices through the kernel's device nodes.
package usbfs
