//! The embedded API on a port, with a store in a directory that is removed at the end:
//! `cargo run --example serve -- 127.0.0.1:8000 [corrected]`.

use acpctl::server::{AppState, Fidelity, KeyPolicy, Options, serve};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let fidelity = match arguments.next().as_deref() {
        Some("corrected") => Fidelity::Corrected,
        _ => Fidelity::Recorded,
    };
    let directory = tempfile::tempdir()?;
    let options = Options {
        key: KeyPolicy::File,
        fidelity,
        ..Options::default()
    };
    let state = AppState::open(directory.path(), options)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await?;
        // A reader that has gone is no reason to stop.
        let _ = std::io::Write::write_all(
            &mut std::io::stdout(),
            format!("http://{}\n", listener.local_addr()?).as_bytes(),
        );
        serve(listener, state, async {
            let _ = tokio::signal::ctrl_c().await;
        })
        .await?;
        Ok(())
    })
}
