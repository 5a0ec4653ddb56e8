"""buy.py URL: buys a ticket of a marketplace as a person does it with a browser, and says what its order is in the end, and who bought it."""

import http.cookiejar
import json
import sys
import time
import urllib.error
import urllib.request
import uuid

base = sys.argv[1].rstrip("/")
PATIENCE = 120


class Person:
    """Somebody with an account and a cookie jar."""

    def __init__(self, name):
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.browser = urllib.request.build_opener(cookies)
        self.email = f"{name}-{uuid.uuid4()}@example.org"
        self.ask("/api/users/signup", {"email": self.email, "password": "brass lantern quay 42"})

    def ask(self, path, body=None):
        """Returns the status and the body of an answer."""
        request = urllib.request.Request(base + path, headers={"Origin": base})
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with self.browser.open(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()


def eventually(ask, is_expected):
    """Asks until the answer is as expected, since services hear of each other a little later."""
    began = time.monotonic()
    while True:
        answer = ask()
        if is_expected(answer):
            return answer[1]
        if time.monotonic() - began > PATIENCE:
            sys.exit(f"still {answer}")
        time.sleep(0.5)


seller, buyer = Person("sally"), Person("ben")
price = {"amount": 1200, "currency": "EUR"}
offer = {"title": "Opera", "price": price, "quantity": 3}
ticket = eventually(lambda: seller.ask("/api/tickets", offer), lambda answer: answer[0] == 201)
place = {"ticketId": ticket["id"]}
order = eventually(lambda: buyer.ask("/api/orders", place), lambda answer: answer[0] == 201)
payment = {"orderId": order["id"], "token": "tok_visa"}
eventually(lambda: buyer.ask("/api/payments", payment), lambda answer: answer[0] == 201)
path = f"/api/orders/{order['id']}"
order = eventually(lambda: buyer.ask(path), lambda answer: answer[0] == 200 and answer[1]["status"] == "completed")
print(order["status"], buyer.email)
