//! The platform's API, as a client sees it: one client, two transports.
//!
//! [`Client`] sends requests to a base URL through reqwest, or, for `local:`, calls the embedded router in this process.
//! Requests, JSON and errors are the same with both.

mod body;
mod bounds;
mod client;
mod error;
mod explain;
pub mod http;
mod list;
pub mod local;
mod notice;
mod path;
pub mod proxy;
mod request;
pub mod sse;
mod stream;
mod trace;

pub use body::Body;
pub use client::Client;
pub use error::{Cause, Error, failure_in, kind_of};
pub use explain::explain;
pub use list::{ListOptions, equals};
pub use notice::report_key;
pub use path::path;
pub use request::{Answer, BASE_PATH, Method, Request};
pub use sse::Event;
pub use stream::EventStream;
pub use trace::Trace;
