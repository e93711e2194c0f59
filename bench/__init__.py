"""The benchmarks: our handoff beside a bare Temporal workflow, our acknowledgement beside a bare insert; ratios, never claims."""
