//! A network for datagrams that loses, repeats, reorders, delays and damages them.

use std::{collections::VecDeque, io};

use tokio::net::UdpSocket;

/// What befalls datagrams, in per cent of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Loss {
    pub(crate) dropped: u8,
    pub(crate) repeated: u8,
    /// Sent after up to three of those that follow.
    pub(crate) delayed: u8,
    pub(crate) damaged: u8,
}

/// One way of the network. What befalls which datagram is the same in every run.
pub(crate) struct Link {
    socket: UdpSocket,
    random: fastrand::Rng,
    /// Datagrams on their way, and how many may still overtake them.
    late: VecDeque<(u8, Vec<u8>)>,
}

impl Link {
    pub(crate) fn new(socket: UdpSocket) -> Self {
        Self { socket, random: fastrand::Rng::with_seed(7), late: VecDeque::new() }
    }

    pub(crate) async fn send(&mut self, loss: Loss, packet: &[u8]) -> io::Result<()> {
        let mut befalls = |per_cent| self.random.u8(..100) < per_cent;
        let (dropped, repeated) = (befalls(loss.dropped), befalls(loss.repeated));
        let (delayed, damaged) = (befalls(loss.delayed), befalls(loss.damaged));
        let mut packet = packet.to_vec();
        if damaged {
            let index = self.random.usize(..packet.len());
            packet[index] ^= 1 << self.random.u8(..8);
        }
        for (overtaken, _) in &mut self.late {
            *overtaken = overtaken.saturating_sub(1);
        }
        if delayed {
            self.late.push_back((self.random.u8(1..=3), packet));
        } else if !dropped {
            self.socket.send(&packet).await?;
            if repeated {
                self.socket.send(&packet).await?;
            }
        }
        while self.late.front().is_some_and(|(overtaken, _)| *overtaken == 0) {
            if let Some((_, packet)) = self.late.pop_front() {
                self.socket.send(&packet).await?;
            }
        }
        Ok(())
    }
}
