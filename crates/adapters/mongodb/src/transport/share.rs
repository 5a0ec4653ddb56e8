//! Which partitions a member is to hold. Pure: it is told all that is known.
//!
//! Nobody decides for others. Each member knows the living ones, and so how many partitions of a topic are its fair
//! share: it gives back what is more, and takes what is free.

use std::collections::BTreeSet;

use ticketing_core::domain::event::Topic;
use uuid::Uuid;

use super::partition::{PARTITIONS, Partition};
use super::places::{Place, View};

/// What a member is to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// What it lets go of once nothing of it is on loan.
    pub(super) give_back: BTreeSet<Partition>,
    /// What it tries to take.
    pub(super) take: Vec<Place>,
    /// What it is the holder of without knowing, and is not to be: an answer was lost.
    pub(super) forsaken: Vec<Place>,
}

/// What a member is to do that holds these partitions.
pub(super) fn plan(me: Uuid, topics: &[Topic], held: &BTreeSet<Partition>, view: &View) -> Plan {
    let mut plan = Plan::default();
    for topic in topics {
        let share = share(me, *topic, view);
        let of_topic: Vec<Partition> = Partition::all(*topic).filter(|partition| held.contains(partition)).collect();
        plan.give_back.extend(of_topic.iter().skip(share));
        let places = Partition::all(*topic).filter(|partition| !held.contains(partition));
        let mut free =
            places.filter_map(|partition| view.places.get(&partition)).filter(|place| is_free(place, me, view));
        plan.take.extend(free.by_ref().take(share.saturating_sub(of_topic.len())));
        plan.forsaken.extend(free.filter(|place| place.holder == Some(me)));
    }
    plan
}

/// Whether nobody holds a place, or this member does without knowing.
fn is_free(place: &Place, me: Uuid, view: &View) -> bool {
    place.holder.is_none_or(|holder| holder == me || view.members.iter().all(|member| member.id != holder))
}

/// How many partitions of a topic are a member's.
fn share(me: Uuid, topic: Topic, view: &View) -> usize {
    let followers = view.members.iter().filter(|member| member.topics.iter().any(|name| name == topic.name()));
    let followers: Vec<Uuid> = followers.map(|member| member.id).collect();
    let Some(rank) = followers.iter().position(|follower| *follower == me) else { return 0 };
    let (all, members) = (usize::try_from(PARTITIONS).unwrap_or_default(), followers.len());
    // What is left over goes to others for each topic.
    let turn = Topic::ALL.iter().position(|known| *known == topic).unwrap_or_default();
    all / members + usize::from((rank + turn) % members < all % members)
}

#[cfg(test)]
mod tests {
    use super::super::places::Living;
    use super::*;

    const TOPICS: [Topic; 2] = [Topic::Orders, Topic::Tickets];

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn group(members: &[u128], holder: impl Fn(Partition) -> Option<u128>) -> View {
        let topics: Vec<String> = TOPICS.iter().map(|topic| topic.name().to_owned()).collect();
        let members = members.iter().map(|member| Living { id: id(*member), topics: topics.clone() }).collect();
        let place = |partition| (partition, Place { partition, next: 1, holder: holder(partition).map(id), epoch: 1 });
        View { members, places: TOPICS.into_iter().flat_map(Partition::all).map(place).collect() }
    }

    fn held_by(member: u128, view: &View) -> BTreeSet<Partition> {
        view.places.values().filter(|place| place.holder == Some(id(member))).map(|place| place.partition).collect()
    }

    /// Members do what they are to do, one after the other, until nobody has anything to do.
    fn settled(mut view: View) -> View {
        for _ in 0..20 {
            let mut is_quiet = true;
            for member in view.members.clone() {
                let held = held_by(member.id.as_u128(), &view);
                let plan = plan(member.id, &TOPICS, &held, &view);
                is_quiet &= plan == Plan::default();
                for place in plan.take {
                    view.places.get_mut(&place.partition).unwrap().holder = Some(member.id);
                }
                for partition in plan.give_back {
                    view.places.get_mut(&partition).unwrap().holder = None;
                }
            }
            if is_quiet {
                return view;
            }
        }
        panic!("they come to no end: {view:?}");
    }

    #[test]
    fn each_that_lives_has_a_fair_share_and_all_is_held() {
        for members in 1..=30_u128 {
            let members: Vec<u128> = (1..=members).collect();
            for first in [None, Some(1), Some(99)] {
                let view = settled(group(&members, |_| first));
                let shares: Vec<usize> = members.iter().map(|member| held_by(*member, &view).len()).collect();
                assert_eq!(shares.iter().sum::<usize>(), 24, "{shares:?}");
                let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
                assert!(most - least <= 2, "{shares:?}");
            }
        }
    }

    #[test]
    fn what_the_living_hold_is_nobody_elses() {
        let view = group(&[1, 2], |partition| Some(if partition.number < 6 { 1 } else { 2 }));
        assert_eq!(plan(id(1), &TOPICS, &held_by(1, &view), &view), Plan::default());
    }

    #[test]
    fn a_member_that_is_alone_keeps_all() {
        let view = group(&[1], |_| Some(1));
        assert_eq!(plan(id(1), &TOPICS, &held_by(1, &view), &view), Plan::default());
    }

    #[test]
    fn what_was_taken_unheard_is_taken_again() {
        let view = group(&[1], |_| Some(1));
        assert_eq!(plan(id(1), &TOPICS, &BTreeSet::new(), &view).take.len(), 24);
    }

    #[test]
    fn what_was_taken_unheard_and_is_too_much_is_given_back() {
        let view = group(&[1, 2], |_| Some(1));
        let plan = plan(id(1), &TOPICS, &BTreeSet::new(), &view);
        assert_eq!((plan.take.len(), plan.forsaken.len()), (12, 12));
    }

    #[test]
    fn a_member_that_is_not_known_to_live_takes_nothing() {
        let view = group(&[], |_| None);
        assert_eq!(plan(id(1), &TOPICS, &BTreeSet::new(), &view), Plan::default());
    }
}
