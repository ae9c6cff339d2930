use proptest::prelude::*;

use super::{Refusal, condition};
use crate::server::resources::credentials::CREDENTIAL;

fn sql(text: &str) -> String {
    condition(&CREDENTIAL, text).unwrap().sql
}
