"""What is special in the sample mall: `mall.py` plays it, `verify.py` looks for it."""

WECHAT = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825"
SILENT = f"{WECHAT}/10012/3"  # its battery is flat: never heard
LEAVES = f"{WECHAT}/10011/9"  # unplugged halfway
WALKS = f"{WECHAT}/20000/1"  # the guide's badge
COPIED = f"{WECHAT}/10011/3"  # somebody set a second beacon to the same numbers
STRANGER = f"{WECHAT}/10099/1"  # not in the catalog
LOW_BATTERY = "eddystone:8B0CA750095477CB3E77/000000000201"
