//! `credential` against a scripted server.
