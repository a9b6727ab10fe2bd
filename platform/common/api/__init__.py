"""How every door of the API is hung: reading, writing, refusing, paging, documenting."""
