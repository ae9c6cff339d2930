//! The embedded API: the platform's REST routes over one `SQLite` file, for one user on one machine.
//!
//! [`router`] answers requests, within the process of a command (`--local`) or on a port ([`serve`]).
//! Every caller that is admitted acts as the user [`USER`] (docs/interface/api.md, set-up "noauth").
//!
//! From a request to its answer:
//!
//! - `serve`, `tls`: connections; `dispatch`: from a request to its handler and back; `guard`: who may call;
//!   `receive`: reads the body
//! - `route`: which handler answers which path; `openapi`: the same as a document; `meta`: version and health
//! - `handlers`: one file for each kind of record; `crud`, `list`, `search`, `order`: what the kinds share
//! - `kinds`: the fields of each kind; `fields`, `record`, `body`: fields, records and bodies in JSON; `row_text`: rows
//!   of a list as JSON text
//! - `store`: the database; `seal`, `key`: tokens at rest; `seed`: the content of a new store
//! - `state`: what all requests share; `call`: one request; `names`: fixed paths and the one user
//! - `reply`, `error`, `stream`: answers
//! - `runs`: for the process that runs sessions; `due`: starts those of schedules

mod body;
mod call;
mod crud;
mod dispatch;
mod due;
mod error;
mod fields;
mod guard;
mod handlers;
mod ids;
mod key;
mod kinds;
mod list;
mod meta;
mod names;
pub mod openapi;
mod order;
mod query;
mod receive;
mod record;
mod refusal;
mod reply;
mod route;
mod row_text;
pub mod runs;
mod seal;
mod search;
mod seed;
mod serve;
mod state;
mod store;
mod stream;
mod time;
pub mod tls;

pub use dispatch::router;
pub use key::{KeyNotice, KeyPolicy};
pub use kinds::agent_defaults;
pub use names::{BASE, USER};
pub use receive::BODY_LIMIT;
pub use serve::serve;
pub use state::{Access, AccessLog, AppState, Fidelity, Options, Platform};
pub use store::StoreError;
