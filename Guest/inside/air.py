"""The air of the guest: the box's adapter on /dev/vhci, and what it hears.

bumble's controller reports every advertisement as connectable, twice (again as its own scan
response), at -50 dBm. Beacons differ in just these things, so `Adapter` makes the reports itself.
Call `open_adapter()` first, then let the air speak with `Adapter.hear()`. Devices to connect to
come from `add_device()`; they are heard as connectable at -50 dBm.
"""

import asyncio
import dataclasses
import errno
import os

from bumble import controller, hci, link, ll
from bumble.device import Device
from bumble.transport.common import AsyncPipeSink

AdvertisingReport = hci.HCI_LE_Advertising_Report_Event
ADV_IND = AdvertisingReport.EventType.ADV_IND
ADV_SCAN_IND = AdvertisingReport.EventType.ADV_SCAN_IND
ADV_NONCONN_IND = AdvertisingReport.EventType.ADV_NONCONN_IND
SCAN_RSP = AdvertisingReport.EventType.SCAN_RSP

# LE Set Scan Parameters: passive 0, active 1 (Core 5.4, Vol 4, Part E, 7.8.10).
ACTIVE_SCAN = 1


@dataclasses.dataclass
class Heard:
    """One advertising packet as it reaches the box."""

    address: hci.Address
    data: bytes
    rssi: int
    event_type: int = ADV_NONCONN_IND
    scan_response: bytes = b""


class Adapter(controller.Controller):
    """The box's adapter: a Bluetooth 4 dongle, so its reports are the legacy ones."""

    def __init__(self, name, **rest):
        super().__init__(name, **rest)
        self.le_features &= ~(
            hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
            | hci.LeFeatureMask.LE_PERIODIC_ADVERTISING
        )
        self.refused: set[str] = set()

    # Data on the emulated link carries the sender's random address. BlueZ sets one for scanning,
    # and peers, who know this adapter by its public address, would answer to nobody.
    @property
    def random_address(self):
        return self.public_address

    @random_address.setter
    def random_address(self, address):
        pass

    def on_hci_reset_command(self, command):
        """Ends scanning and connections too, as a controller does: the kernel just resets one that was
        blocked. The peers hear nothing more, and take the link for lost."""
        self.le_scan_enable = False
        self.pending_le_connection = None
        for connection in list(self.le_connections.values()):
            connection.send_ll_control_pdu(ll.TerminateInd(hci.HCI_CONNECTION_TIMEOUT_ERROR))
        self.le_connections.clear()
        return super().on_hci_reset_command(command)

    def on_hci_command_packet(self, command):
        """Carries out a command of the host, or refuses it: those with a status alone, such as LE Set
        Scan Enable."""
        if command.name not in self.refused:
            super().on_hci_command_packet(command)
            return
        status = hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        self.send_hci_packet(
            hci.HCI_Command_Complete_Event(
                num_hci_command_packets=1, command_opcode=command.op_code, return_parameters=status
            )
        )

    def hear(self, heard: Heard):
        """Reports one packet to the host, and what an active scan gets for an answer."""
        if not self.le_scan_enable:
            return
        self._report(heard.event_type, heard.address, heard.data, heard.rssi)
        # Who can be asked answers, if only with nothing: the kernel keeps the packet until then.
        if heard.event_type in (ADV_IND, ADV_SCAN_IND) and self.le_scan_type == ACTIVE_SCAN:
            self._report(SCAN_RSP, heard.address, heard.scan_response, heard.rssi)

    def on_advertising_pdu(self, pdu):
        """A packet from a bumble device on the same link."""
        self.hear(Heard(pdu.advertiser_address, bytes(pdu.data), -50, ADV_IND))
        pending = self.pending_le_connection
        if pending and pending.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)

    def _report(self, event_type, address, data, rssi):
        assert len(data) <= 31, data.hex()  # what a legacy packet holds
        report = AdvertisingReport.Report(
            event_type=event_type,
            address_type=address.address_type,
            address=address,
            data=data,
            rssi=rssi,
        )
        self.send_hci_packet(AdvertisingReport([report]))


class VirtualController:
    """The kernel's end of a controller: /dev/vhci, a packet each read and write (drivers/bluetooth/
    hci_vhci.c)."""

    def __init__(self):
        self.file = os.open("/dev/vhci", os.O_RDWR | os.O_NONBLOCK)
        os.write(self.file, bytes([0xFF, 0x00]))  # make one; its type: not a secondary controller
        self.sink = None
        asyncio.get_running_loop().add_reader(self.file, self._read)

    def set_packet_sink(self, sink):
        self.sink = sink

    def on_packet(self, packet: bytes):
        """From the controller to the kernel, which takes nothing while it has it switched off."""
        try:
            os.write(self.file, packet)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise

    def _read(self):
        packet = os.read(self.file, 4096)
        if packet[0] != 0xFF:  # the answer to our first write: its number
            self.sink.on_packet(packet)

    def close(self):
        """Takes the controller away from the kernel, as if it were pulled out."""
        asyncio.get_running_loop().remove_reader(self.file)
        os.close(self.file)


async def open_adapter(address: str) -> Adapter:
    """Gives the kernel a controller with this public address; it becomes the next hciN."""
    kernel = VirtualController()
    adapter = Adapter(
        "adapter",
        host_source=kernel,
        host_sink=kernel,
        link=link.LocalLink(),
        public_address=f"{address}/P",
    )
    adapter.kernel = kernel
    return adapter


def add_device(adapter: Adapter, name: str, address: str) -> Device:
    """A device within reach of the adapter, with a random address; give it services, then
    `power_on()` and `start_advertising()`."""
    peer = controller.Controller(name, link=adapter.link)
    peer.le_features = adapter.le_features
    return Device.with_hci(name, hci.Address(address), peer, AsyncPipeSink(peer))
