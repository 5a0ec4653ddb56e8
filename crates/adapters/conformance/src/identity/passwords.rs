//! Rules of passwords.

use ticketing_core::domain::account::{Password, PasswordHash};
use ticketing_core::ports::identity::PasswordHasher;

use crate::outcome::Outcome;
use crate::sample;
use crate::time::soon;

use super::PasswordFixture;

async fn hash(hasher: &dyn PasswordHasher, password: &Password) -> PasswordHash {
    soon("a password is hashed", hasher.hash(password)).await.expect("a password is hashed")
}

async fn proves(hasher: &dyn PasswordHasher, attempt: &str, hash: Option<&PasswordHash>) -> bool {
    let verified = hasher.verify(sample::attempt(attempt), hash.cloned());
    soon("a password is checked", verified).await.expect("a password is checked")
}

async fn judged(hasher: &dyn PasswordHasher, password: &str, hints: &[&str]) -> Option<String> {
    let password = sample::password(password);
    let hints: Vec<String> = hints.iter().map(|&hint| hint.to_owned()).collect();
    soon("a password is judged", hasher.weakness(&password, &hints)).await.expect("a password is judged")
}

/// A password proves itself, and no other does, however alike; without a hash, or with a broken one, none does.
pub async fn a_password_proves_itself_alone(fixture: &dyn PasswordFixture) -> Outcome {
    let hasher = fixture.hasher();
    for text in ["correct horse battery", " spaces count ", "Пароль-世界-🔑", &"x".repeat(Password::MAX_CHARS)]
    {
        let hash = hash(&*hasher, &sample::password(text)).await;
        assert!(proves(&*hasher, text, Some(&hash)).await, "a password does not prove itself");
        let shorter: String = text.chars().skip(1).collect();
        for other in ["", &shorter, &format!("{text}x"), &text.to_uppercase(), hash.expose()] {
            assert!(other == text || !proves(&*hasher, other, Some(&hash)).await, "another password proves itself");
        }
        assert!(!proves(&*hasher, text, None).await, "a password proves itself without a hash");
    }

    let broken = PasswordHash::new("not a hash".to_owned());
    let verified = soon("a password is checked", hasher.verify(sample::attempt("not a hash"), Some(broken))).await;
    assert!(!matches!(verified, Ok(true)), "a hash that is none proves a password");
    Outcome::Kept
}

/// Two hashes of one password differ, each proves it, and neither contains it.
pub async fn two_hashes_of_one_password_differ(fixture: &dyn PasswordFixture) -> Outcome {
    let hasher = fixture.hasher();
    let password = sample::password("correct horse battery");
    let hashes = [hash(&*hasher, &password).await, hash(&*hasher, &password).await];
    let [first, second] = &hashes;
    assert_ne!(first, second, "two hashes of one password are the same: no salt");
    for hash in &hashes {
        assert!(hash.expose().starts_with('$'), "a hash is not in PHC string format");
        assert!(!hash.expose().contains(password.expose()), "a hash contains its password");
        assert!(proves(&*hasher, password.expose(), Some(hash)).await, "a password does not prove itself");
    }
    Outcome::Kept
}

/// A weak password is rated as weak, a strong one is not; what an attacker knows of its owner makes it weak.
pub async fn a_weak_password_is_told_so(fixture: &dyn PasswordFixture) -> Outcome {
    let hasher = fixture.hasher();
    for weak in ["password123", "1234567890", "qwertyuiop", "aaaaaaaaaaaa"] {
        let told = judged(&*hasher, weak, &[]).await;
        assert!(told.is_some_and(|told| !told.trim().is_empty()), "{weak:?} was taken for strong");
    }
    let strong = judged(&*hasher, "plum-Orbit-47-velvet-harbour", &["ada@example.org"]).await;
    assert_eq!(strong, None, "a strong password was refused");
    let own = "ada.lovelace@example.org";
    assert!(judged(&*hasher, own, &[own]).await.is_some(), "the owner's e-mail address was taken for strong");
    Outcome::Kept
}

/// However a password is typed, composed or decomposed and with whatever spaces, it proves itself.
pub async fn a_password_proves_itself_however_it_is_typed(fixture: &dyn PasswordFixture) -> Outcome {
    let hasher = fixture.hasher();
    let spellings = ["Crème brûlée 1", "Cre\u{300}me bru\u{302}le\u{301}e 1", "Crème\u{A0}brûlée\u{3000}1"];
    for chosen in spellings {
        let hash = hash(&*hasher, &sample::password(chosen)).await;
        for typed in spellings {
            assert!(proves(&*hasher, typed, Some(&hash)).await, "{chosen:?} is not proved by {typed:?}");
        }
        assert!(!proves(&*hasher, "Creme brulee 1", Some(&hash)).await, "accents do not count");
    }
    Outcome::Kept
}

/// The worst of passwords is judged soon, and beside the thread that asks.
pub async fn no_password_is_long_judged(fixture: &dyn PasswordFixture) -> Outcome {
    let hasher = fixture.hasher();
    for unit in ["l33t", "4@8({[<369&#!1/|0$5+7%2", "1029384756", "p4$$w0rd", "11/11/2011 ", "a@4", "aab", "ä€𐍈ß"]
    {
        let worst: String = unit.chars().cycle().take(Password::MAX_CHARS).collect();
        let password = sample::password(&worst);
        let mut judging = hasher.weakness(&password, &[]);
        assert!(futures::poll!(judging.as_mut()).is_pending(), "{unit:?} is judged on the thread that asks");
        soon("a password is judged", judging).await.expect("a password is judged");
    }
    Outcome::Kept
}
