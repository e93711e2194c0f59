"""DocuSign eSignature with Connect: signed contracts and their terms are read here; nothing is ever written."""
