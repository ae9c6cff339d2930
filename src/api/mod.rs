//! The platform's API, as a client sees it: one client, two transports.
//!
//! [`Client`] speaks to a base URL through reqwest, or, for `local:`, calls the embedded router in
//! the same process. Requests, JSON and errors are the same either way.

mod body;
mod bounds;
mod client;
mod error;
pub mod http;
mod list;
pub mod local;
mod path;
pub mod proxy;
pub mod sse;
mod stream;
mod trace;

pub use body::Body;
pub use client::{Answer, BASE_PATH, Client, Method, Request};
pub use error::{Cause, Error, failure_in, kind_of};
pub use list::{ListOptions, equals};
pub use path::path;
pub use sse::Event;
pub use stream::EventStream;
pub use trace::Trace;
