// HardwareHub
