"""Fields of customers: clients, their sites and contacts."""

from __future__ import annotations

from .values import FIRST, LAST, Record, Seeded, mix

COMPANIES = (
    "Acme Dental",
    "Birch & Sons",
    "Copper Kettle Cafés",
    "Dunmore Logistics",
    "Eastgate Surgery",
    "Fjord Architects",
    "Greenfield Academy",
    "Harbour Freight",
    "Ivy House Care",
    "Juniper Legal",
)


class Customers(Seeded):
    """Clients, sites and contacts of one tenant."""

    def client_inactive(self, number: int) -> bool:
        """Whether a client has left: every eleventh has."""
        return number % 11 == 0

    def user_client(self, number: int) -> int:
        """Return the client that a contact belongs to."""
        return 1 + (number - 1) % self.size.clients

    def user_inactive(self, number: int) -> bool:
        """Whether a contact is inactive: with its client, and every thirteenth besides."""
        return number % 13 == 0 or self.client_inactive(self.user_client(number))

    def client(self, number: int) -> Record:
        """Return a client: a customer of the service provider (Area)."""
        name = COMPANIES[(number - 1) % len(COMPANIES)]
        batch = (number - 1) // len(COMPANIES)
        return {
            "id": number,
            "name": name if not batch else f"{name} {batch + 1}",
            "toplevel_id": 1,
            "toplevel_name": "Customers",
            "inactive": self.client_inactive(number),
            "colour": f"#{mix(self.seed, 'colour', number) % 0xFFFFFF:06x}",
            "main_site_id": 100 + number,
            "main_site_name": "Main",
            "website": f"https://client{number}.example",
            "accountsid": f"C{number:05}",
            "is_vip": number % 9 == 0,
            "client_to_invoice": 0,
            "use": "client",
        }

    def site(self, number: int) -> Record:
        """Return the site of a client (Site); its id is the client's plus 100."""
        client = self.client(number)
        return {
            "id": 100 + number,
            "name": "Main",
            "client_id": float(number),
            "client_name": client["name"],
            "clientsite_name": f"{client['name']}/Main",
            "inactive": client["inactive"],
            "phonenumber": "",
            "timezone": "Europe/London",
            "maincontact_name": "",
            "use": "site",
        }

    def user(self, number: int) -> Record:
        """Return a contact (Users)."""
        first, last = self.pick(FIRST, "first", number), self.pick(LAST, "last", number)
        client_id = self.user_client(number)
        return {
            "id": number,
            "name": f"{first} {last}",
            "firstname": first,
            "surname": last,
            "site_id": float(100 + client_id),
            "site_name": "Main",
            "client_id": client_id,
            "client_name": self.client(client_id)["name"],
            "phonenumber": "",
            "mobilenumber2": "",
            "inactive": self.user_inactive(number),
            "linked_agent_id": 0,
            "isserviceaccount": False,
            "use": "user",
            "emailaddress": f"contact{number}@client{client_id}.example",
        }
