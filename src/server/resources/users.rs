//! Users (contract api.md section 9.7).

use crate::server::fields::{DeleteUnknown, Kind, text};

pub static USER: Kind = Kind {
    name: "User",
    table: "users",
    collection: "users",
    fields: &[
        text("username").required(),
        text("name").required(),
        text("email"),
    ],
    delete_unknown: DeleteUnknown::Accepted,
};
