"""Which stories of the American company play over a real ERP as they stand: they speak of no ERP's own records and of no tax."""

FITTING = ("S05 credit-rebill", "S05 lower", "S08", "S09", "S27 hold, reopened", "S28")
