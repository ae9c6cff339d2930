//! Lets sessions use a credential: for `credential bind` and its likes, and for the screen.

mod grantee;
mod plan;

pub(crate) use grantee::{Grantee, all, bind, bindings};
pub(crate) use plan::{BindingPlan, Kept};
