"""The diagnosis codes: what each means, why, what to do, at which step, who can. A file a layer of checks."""
