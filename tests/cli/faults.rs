//! Faults of the server and the network.
