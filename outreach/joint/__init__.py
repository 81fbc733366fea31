"""Documents of joint workshops between installations: written, signed, fetched, checked (S44).

The format is on the page `joint` of the guide. `joint_writer.py` makes the host's document,
`signed_documents.py` signs and verifies, `joint_reader.py` checks what another network says,
`network_puller.py` fetches it. May import `feeds`, `outbound` and below. Open `network_puller.py`
first.

`outreach/web/public/joint_pages.py` serves the document of what staff share
(`outreach/domain/joint/shared_workshops.py`). What was fetched and checked is stored by
`outreach/domain/joint/partner_networks.py`, and `outreach/domain/joint/joint_listing.py` finds what
belongs on a page of the list (decision 0065).
"""
