//! Any bytes must end in a report, and what can be carved must carve to itself again.

use std::io;
use std::path::Path;

use acpctl::kubeconfig::{self, Base64, CheckOptions, Delivery, Keep, Rules, Source};

fn open(path: &Path) -> io::Result<Vec<u8>> {
    match path.file_name() {
        Some(_) => Ok(b"content".to_vec()),
        None => Err(io::ErrorKind::NotFound.into()),
    }
}

pub(crate) fn run(bytes: &[u8]) {
    let sources = [Source {
        name: "input",
        bytes,
        dir: Path::new(""),
    }];
    let options = CheckOptions {
        delivery: Delivery::Pod,
        context: None,
        rules: Rules::All,
        now: jiff::Timestamp::UNIX_EPOCH,
        min_ttl: None,
        open: &open,
    };
    let _ = kubeconfig::check(&sources, &options);
    let _ = kubeconfig::contexts(&sources);
    let _ = kubeconfig::secrets(&sources);
    let _ = kubeconfig::decode_input(bytes, Base64::Decode);
    let Ok(carved) = kubeconfig::carve(&sources, Keep::All, &open) else {
        return;
    };
    let text = secrecy::ExposeSecret::expose_secret(&carved.text);
    let again = Source {
        bytes: text.as_bytes(),
        ..sources[0]
    };
    let again = kubeconfig::carve(&[again], Keep::All, &open).expect("own output is readable");
    assert_eq!(text, secrecy::ExposeSecret::expose_secret(&again.text));
}
