"""SharePoint through Microsoft Graph: the documents workspace of an engagement."""
