"""A device that lets only those subscribe who have paired with it (Core 5.4, Vol 3, Part C, 10.3.1)."""

from bumble import att
from bumble.core import UUID
from bumble.device import Connection, Device
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig, PairingDelegate

CONFIGURATION = UUID("2902")


class Display(PairingDelegate):
    """Shows the same six digits each time."""

    def __init__(self, passkey: int):
        super().__init__(PairingDelegate.DISPLAY_OUTPUT_ONLY)
        self.passkey = passkey

    async def generate_passkey(self) -> int:
        return self.passkey

    async def display_number(self, number: int, digits: int):
        pass


class Lock:
    """Options: `passkey`, the digits that it shows; without, it pairs with everybody (Just Works)."""

    def __init__(self, passkey: int | None = None):
        self.passkey = passkey
        self.pairings: list[str] = []
        self.device: Device | None = None

    def put_on(self, device: Device):
        self.device = device
        self.forget()
        # Who shows digits wants them to be entered: encryption alone is not enough.
        needed = (
            att.Attribute.WRITE_REQUIRES_ENCRYPTION
            if self.passkey is None
            else att.Attribute.WRITE_REQUIRES_AUTHENTICATION
        )
        for attribute in device.gatt_server.attributes:
            if attribute.type == CONFIGURATION:
                attribute.permissions |= needed
        device.pairing_config_factory = self._config
        device.on("connection", self._on_connection)

    def _config(self, connection: Connection) -> PairingConfig:
        shows = self.passkey is not None
        return PairingConfig(mitm=shows, delegate=Display(self.passkey) if shows else PairingDelegate())

    def _on_connection(self, connection: Connection):
        connection.on("pairing", lambda keys: self.pairings.append("paired"))
        connection.on("pairing_failure", lambda reason: self._on_failure(connection, reason))

    def _on_failure(self, connection: Connection, reason: int):
        self.pairings.append(f"failed {reason}")
        # bumble goes on with the session that failed when the other side begins anew.
        self.device.smp_manager.sessions.pop(connection.handle, None)

    def forget(self):
        """It knows nobody any more."""
        self.device.keystore = MemoryKeyStore()
