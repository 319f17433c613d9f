"""Students that name a class: trained, exported, and behind the same engine as those that write."""
