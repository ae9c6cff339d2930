//! The platform's API, as a client sees it: one client, two transports.
//!
//! [`Client`] sends requests to a base URL through reqwest, or, for `local:`, calls the embedded router in this
//! process. Requests, JSON and errors are the same with both.

mod bearer;
mod body;
mod bounds;
mod client;
mod error;
mod explain;
pub(crate) mod http;
mod list;
pub(crate) mod local;
mod notice;
mod path;
mod proof;
pub(crate) mod proxy;
mod rehearsal;
mod request;
pub mod sse;
mod stream;
mod trace;

pub(crate) use bearer::Renewal;
pub(crate) use body::Body;
pub(crate) use bounds::check_weight;
pub(crate) use client::Client;
pub(crate) use error::{Cause, Error, failure_in, kind_of, tls_hint};
pub(crate) use explain::explain;
pub(crate) use list::{ListOptions, equals, one_of};
pub(crate) use notice::report_key;
pub(crate) use path::path;
pub(crate) use proof::{
    LARGEST_SEQ, answered_kind, check_message, check_number, decoded, refuse_stranger,
};
pub(crate) use request::{Answer, BASE_PATH, Method, Request};
pub(crate) use sse::Event;
pub(crate) use stream::EventStream;
pub(crate) use trace::Trace;
