"""The few parts of a learning management system that the LTI consumer asks for."""
