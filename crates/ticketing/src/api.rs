//! The JSON API of a market, for an application that has its own users and routes.

use ticketing_server::embed::Api;

use crate::market::Market;

impl Market {
    /// The JSON API of this market, to be mounted below any path: say who acts, and take the router.
    ///
    /// `api/openapi.json` below that path describes every request. Where cookies say who acts, a change must come from a
    /// page of the site: see [`Api`](Api#other-sites), and [`Api::http`] for the settings of limits and proxies.
    ///
    /// # Examples
    ///
    /// ```
    /// use axum::Router;
    /// use axum::http::request::Parts;
    /// use ticketing::{AccountId, Error, Market};
    ///
    /// /// The application's own users; here the token is the user's id.
    /// async fn my_session(request: &Parts) -> Result<Option<AccountId>, Error> {
    ///     let token = request.headers.get("authorization").and_then(|token| token.to_str().ok());
    ///     Ok(token.and_then(|token| token.strip_prefix("Bearer ")?.parse().ok()))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let market = Market::builder().open().await?;
    /// let app: Router = Router::new().nest("/shop", market.api().identify(my_session).router());
    /// # drop(app);
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn api(&self) -> Api {
        let (tickets, orders, payments) = (self.tickets().clone(), self.orders().clone(), self.payments().clone());
        let api =
            Api::new(self.env().clone()).tickets(tickets, self.search().clone()).orders(orders).payments(payments);
        #[cfg(feature = "testing")]
        if let Some(loops) = self.stepped_loops() {
            return api.around(|routes| crate::testing::stepped(routes, loops));
        }
        api
    }
}
