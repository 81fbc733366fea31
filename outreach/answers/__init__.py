"""What people answer to texts, and write by WhatsApp: read and replied to (S41, decision 0050).

A sender's number proves nothing, so an answer never costs anybody their place by itself. May import
`mail`, `privacy`, `domain` and below. Open `conversation` first: it decides what an answer does.
`adapters` reads what gateways send, `commands` what people write; `replies` sends what we say.

`outreach/web/public/text_answers.py` takes the request of a gateway. `conversation` decides by what
`outreach/domain/outbox/text_questions.py` says was asked, and queues a reply in the key store
(`outreach/keystore/text_exchange.py`). The worker's step *replies* writes and sends it.
"""
