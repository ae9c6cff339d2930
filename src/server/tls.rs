//! TLS for the router, for `acpctl serve` beyond loopback.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::compat::io_reason::reason;
use crate::plain_file;
use crate::system::process;

/// How long a client may take for the handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How many connections may wait after their handshake.
const WAITING: usize = 64;
/// The largest file of a chain or key, in bytes.
const MAX_FILE: usize = 4 << 20;
/// How many handshakes may run at once.
const HANDSHAKES: usize = 256;
/// How long to wait after a connection could not be accepted, for lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Why TLS can't be offered. The words never contain a part of the key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("read {}: {}", .path.display(), reason(.error))]
    Read { path: PathBuf, error: io::Error },
    #[error("{} is not a PEM certificate", .0.display())]
    Certificate(PathBuf),
    #[error("{} is not a PEM private key", .0.display())]
    Key(PathBuf),
    #[error("certificate {} with key {}: {error}", .cert.display(), .key.display())]
    Pair {
        cert: PathBuf,
        key: PathBuf,
        error: rustls::Error,
    },
    #[error("{0}")]
    Versions(rustls::Error),
}

/// Reads a certificate chain and its key, both PEM, and offers TLS 1.2 and 1.3.
///
/// # Errors
/// When a file can't be read or the two do not match.
pub fn config(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let read = |path: &Path| {
        plain_file::read_named(path, MAX_FILE).map_err(|error| TlsError::Read {
            path: path.to_owned(),
            error,
        })
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&read(cert)?)
        .collect::<Result<_, _>>()
        .map_err(|_| TlsError::Certificate(cert.to_owned()))?;
    let pem = read(key)?;
    let private = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| TlsError::Key(key.to_owned()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Versions)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| TlsError::Pair {
            cert: cert.to_owned(),
            key: key.to_owned(),
            error,
        })?;
    Ok(Arc::new(config))
}

/// A listener that returns connections after their handshake. Handshakes run side by side, so that a slow client does
/// not delay others.
pub struct Listener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl Listener {
    /// Starts to accept connections.
    #[must_use]
    pub fn new(listener: TcpListener, config: Arc<ServerConfig>) -> Self {
        let (sender, ready) = mpsc::channel(WAITING);
        tokio::spawn(accept(listener, TlsAcceptor::from(config), sender));
        Self { ready }
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let mut under_way: VecDeque<AbortHandle> = VecDeque::new();
    while !sender.is_closed() {
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        under_way.retain(|handshake| !handshake.is_finished());
        if under_way.len() >= handshakes()
            && let Some(oldest) = under_way.pop_front()
        {
            oldest.abort();
        }
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        let handshake = tokio::spawn(async move {
            if let Ok(Ok(stream)) = timeout(HANDSHAKE, acceptor.accept(stream)).await {
                // Fails only if the server stopped meanwhile; the connection then ends too.
                let _ = sender.send((stream, peer)).await;
            }
        });
        under_way.push_back(handshake.abort_handle());
    }
}

/// Returns how many handshakes may run at once: fewer if file descriptors are scarce, because connections use half of
/// them.
fn handshakes() -> usize {
    let quarter = process::most_files().and_then(|count| usize::try_from(count / 4).ok());
    quarter.map_or(HANDSHAKES, |count| count.clamp(4, HANDSHAKES))
}

impl super::serve::Listener for Listener {
    type Io = TlsStream<TcpStream>;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The accepting task never ends before this listener.
            None => std::future::pending().await,
        }
    }
}
