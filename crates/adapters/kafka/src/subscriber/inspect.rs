//! Looks what a log holds, beside the consumer that reads it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::client::Logged;
use crate::config::KafkaConfig;
use crate::message::{Decoder, Names};

use super::mark::{Found, Mark};
use super::member::Partition;

/// How long to wait for a message before looking at the clock.
const IDLE: Duration = Duration::from_millis(20);

/// Reads single messages, without a group.
pub(super) struct Inspector {
    settings: ClientConfig,
    names: Names,
    decoder: Decoder,
    /// None until it is needed, and after a failure: what a client remembers of a topic may be what has changed.
    client: Option<BaseConsumer<Logged>>,
}

impl Inspector {
    pub(super) fn new(config: &KafkaConfig, names: Names) -> Self {
        let mut settings = config.consumer("log");
        settings
            // An offset that is gone is answered by another message, and that is all there is to know.
            .set("auto.offset.reset", "earliest")
            // One message of each partition is wanted.
            .set("queued.min.messages", "1")
            .set("max.partition.fetch.bytes", (64 * 1024).to_string());
        Self { settings, names, decoder: Decoder::new(), client: None }
    }

    /// The offsets that are kept of some partitions. Those that cannot be asked now are left out.
    pub(super) fn offsets(
        &mut self,
        partitions: &[Partition],
        deadline: Instant,
    ) -> KafkaResult<BTreeMap<Partition, Range<i64>>> {
        let client = self.take_client()?;
        let oldest = self.bounds(&client, partitions, Offset::Beginning, deadline)?;
        let ends = self.bounds(&client, partitions, Offset::End, deadline)?;
        if ends.len() == partitions.len() {
            self.client = Some(client);
        }
        let kept = oldest.into_iter().filter_map(|(partition, start)| Some((partition, start..*ends.get(&partition)?)));
        Ok(kept.collect())
    }

    /// What lies where one mark was in each of some partitions. Those that do not answer in time are left out.
    pub(super) fn find(
        &mut self,
        marks: &BTreeMap<Partition, Mark>,
        kept: &BTreeMap<Partition, Range<i64>>,
        deadline: Instant,
    ) -> KafkaResult<BTreeMap<Partition, Found>> {
        let (mut found, mut unread) = (BTreeMap::new(), BTreeMap::new());
        for (partition, mark) in marks {
            match kept.get(partition) {
                Some(kept) if mark.offset < kept.start => drop(found.insert(*partition, Found::Expired)),
                Some(kept) if mark.offset >= kept.end => drop(found.insert(*partition, Found::Other)),
                Some(_) => drop(unread.insert(*partition, *mark)),
                None => {}
            }
        }
        if !unread.is_empty() {
            let client = self.take_client()?;
            let read = self.read(&client, &unread, deadline)?;
            if read.len() == unread.len() {
                self.client = Some(client);
            }
            found.extend(read);
        }
        Ok(found)
    }

    fn read(
        &mut self,
        client: &BaseConsumer<Logged>,
        marks: &BTreeMap<Partition, Mark>,
        deadline: Instant,
    ) -> KafkaResult<BTreeMap<Partition, Found>> {
        let mut list = TopicPartitionList::new();
        for (partition, mark) in marks {
            let name = self.names.name(partition.topic).unwrap_or_default();
            list.add_partition_offset(name, partition.number, Offset::Offset(mark.offset))?;
        }
        client.assign(&list)?;
        let mut found = BTreeMap::new();
        while found.len() < marks.len() && Instant::now() < deadline {
            // An error passes, or the deadline does.
            let Some(Ok(message)) = client.poll(IDLE) else { continue };
            let Some(topic) = self.names.topic(message.topic()) else { continue };
            let partition = Partition { topic, number: message.partition() };
            let Some(mark) = marks.get(&partition) else { continue };
            let there = Mark { offset: message.offset(), print: self.decoder.decode(topic, &message).print };
            found.entry(partition).or_insert(if there == *mark { Found::Same } else { Found::Other });
        }
        client.unassign()?;
        Ok(found)
    }

    /// One end of each partition.
    fn bounds(
        &self,
        client: &BaseConsumer<Logged>,
        partitions: &[Partition],
        end: Offset,
        deadline: Instant,
    ) -> KafkaResult<BTreeMap<Partition, i64>> {
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition(self.names.name(partition.topic).unwrap_or_default(), partition.number);
        }
        // In place of a time this asks for an end.
        list.set_all_offsets(end)?;
        let answer = client.offsets_for_times(list, deadline.saturating_duration_since(Instant::now()))?;
        let mut ends = BTreeMap::new();
        for element in answer.elements() {
            let topic = self.names.topic(element.topic());
            if let (Some(topic), Offset::Offset(offset), Ok(())) = (topic, element.offset(), element.error()) {
                ends.insert(Partition { topic, number: element.partition() }, offset);
            }
        }
        Ok(ends)
    }

    /// The client. It is put back after a full answer.
    fn take_client(&mut self) -> KafkaResult<BaseConsumer<Logged>> {
        match self.client.take() {
            Some(client) => Ok(client),
            None => BaseConsumer::from_config_and_context(&self.settings, Logged::default()),
        }
    }
}
