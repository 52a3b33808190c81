"""NSAIDs and acetaminophen: which patient may have them, and what speaks against an order."""
