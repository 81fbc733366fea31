"""What people answer to texts, and write by WhatsApp: read and replied to (S41, decision 0050).

A sender's number proves nothing, so an answer never costs anybody their place by itself. May import
`mail`, `privacy`, `domain` and below. Open `conversation` first: it decides what an answer does.
`adapters` reads what gateways send, `commands` what people write; `replies` sends what we say.
"""
