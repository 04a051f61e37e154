"""All evidence for the model as one document."""
