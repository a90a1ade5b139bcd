"""办公室：the pages by which the office is set up."""
