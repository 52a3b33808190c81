"""Red flags: what each is, which of them a chart shows, and what the cards on them say."""
