"""What all staff pages share: guards, policy, labels, form fields."""
