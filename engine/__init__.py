"""The decisions and the record. No Flask, no pages, no LTI."""
