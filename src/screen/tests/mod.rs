//! Tests of the whole screen without a terminal: keys go in, effects and pictures come out.

mod changes;
mod faults;
mod gaps;
mod meant;
mod phases;
mod pictures;
mod room;
mod servers;
mod stage;
mod typed;
mod views;
mod watching;
