//! A network for connections that stalls, cuts and damages them.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

#[derive(Default)]
struct Shared {
    /// Connections up to this number pass nothing on any more, and do not end either.
    stalled: AtomicU64,
    /// Whether what the camera sends is damaged.
    damages: AtomicBool,
    connections: AtomicU64,
}

/// A way to a camera. Ends when dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    cut: watch::Sender<u64>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let shared = Arc::new(Shared::default());
        let (cut, cut_rx) = watch::channel(0);
        let passing = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let number = passing.connections.fetch_add(1, Ordering::SeqCst) + 1;
                tokio::spawn(pass(client, to, number, Arc::clone(&passing), cut_rx.clone()));
            }
        });
        Self { address, shared, cut, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("rtsp://{}/live", self.address)
    }

    /// Half-open from now on: nothing passes in those connections that there are, and neither end hears of it.
    pub(crate) fn stall(&self) {
        self.shared.stalled.store(self.shared.connections.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    /// Resets every connection that there is.
    pub(crate) fn cut(&self) {
        self.cut.send_modify(|times| *times += 1);
    }

    pub(crate) fn damage(&self, damages: bool) {
        self.shared.damages.store(damages, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(
    mut client: TcpStream,
    to: SocketAddr,
    number: u64,
    shared: Arc<Shared>,
    mut cut: watch::Receiver<u64>,
) {
    let Ok(mut camera) = TcpStream::connect(to).await else { return };
    cut.mark_unchanged();
    let mut random = fastrand::Rng::with_seed(number);
    let (mut up, mut down) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    loop {
        if shared.stalled.load(Ordering::SeqCst) >= number {
            // Neither end is read, written or closed.
            let _cut_or_over = cut.changed().await;
            return;
        }
        let passed = tokio::select! {
            _ = cut.changed() => {
                client.set_zero_linger().expect("a socket takes it");
                return;
            }
            _ = looks.tick() => continue,
            count = client.read(&mut up) => match count {
                Ok(count) if count > 0 => camera.write_all(&up[..count]).await,
                _ => return,
            },
            count = camera.read(&mut down) => match count {
                Ok(count) if count > 0 => {
                    if shared.damages.load(Ordering::SeqCst) {
                        let index = random.usize(..count);
                        down[index] ^= 1 << random.u8(..8);
                    }
                    client.write_all(&down[..count]).await
                }
                _ => return,
            },
        };
        if passed.is_err() {
            return;
        }
    }
}
