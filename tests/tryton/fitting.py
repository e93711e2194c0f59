"""Which stories of the American company play over a real ERP as they stand: they speak of no ERP's own records and of no tax."""

FITTING = (
    "S01",
    "S05",
    "S05 credit-rebill",
    "S05 lower",
    "S06",
    "S08",
    "S09",
    "S14-billing",
    "S15",
    "S16",
    "S27",
    "S27 hold, reopened",
    "S28",
)
