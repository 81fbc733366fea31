"""Documents of joint workshops between installations: written, signed, fetched, checked (S44).

The format is on the page `joint` of the guide. `joint_writer.py` makes the host's document,
`signed_documents.py` signs and verifies, `joint_reader.py` checks what another network says,
`network_puller.py` fetches it. May import `feeds`, `outbound` and below. Open `network_puller.py`
first.
"""
